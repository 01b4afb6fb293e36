/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The links of a machine (link.h): made when plugins fetch what they need, moved when one of them
 * is replaced. */
#ifndef TSR_LINKS_LINKS_H
#define TSR_LINKS_LINKS_H

#include "instance/instance.h"

struct tsr_links;

struct tsr_links *tsr_links_new(void);
void tsr_links_free(struct tsr_links *links);

/* Whether connections of this interface are links. [any] */
bool tsr_links_know(const char *interface);

/* What `user` gets for its need instead of *out, the provider's own interface. Stays *out where the
 * core does not know the interface. A newcomer's handle is held. [main & !running] */
void tsr_links_hand_out(struct tsr_links *links, TsrInstance *user, const char *need,
			const char *provider, const char *interface, struct tsr_interface *out);

/* -- A newcomer takes its predecessor's place, or not. The guest stands. [locked] */

/* Gives a newcomer that provides links what it works with while it loads; what it does there nobody
 * sees. It is realized. FALSE and error: it does not give what others use, or makes a mistake. */
gboolean tsr_links_stage(struct tsr_links *links, TsrInstance *new, GError **error);
/* A need by which the predecessor is connected, and the newcomer is not; NULL: there is none. */
const char *tsr_links_missing(struct tsr_links *links, const TsrInstance *new);
/* The provider's calls reach nobody, and the predecessor's no provider, from here on. */
void tsr_links_cut(struct tsr_links *links, TsrInstance *old);
/* The links of old lead to new. old is detached already. */
void tsr_links_move(struct tsr_links *links, TsrInstance *old, TsrInstance *new);
/* What a newcomer that does not stay has got. */
void tsr_links_drop(struct tsr_links *links, TsrInstance *new);

#endif
