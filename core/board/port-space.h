/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The 65,536 ports. */
#ifndef TSR_BOARD_PORT_SPACE_H
#define TSR_BOARD_PORT_SPACE_H

#include "board/region.h"

struct tsr_port_space *tsr_port_space_new(void);
void tsr_port_space_free(struct tsr_port_space *ports);
/* Drops every region that an instance has made. */
void tsr_port_space_drop(struct tsr_port_space *ports, const TsrInstance *owner);
/* Takes every region of an instance out of sight, in a list that frees them; put_back, which frees
 * the list, restores what there was, once all that was added since is dropped. */
GPtrArray *tsr_port_space_set_aside(struct tsr_port_space *ports, const TsrInstance *owner);
void tsr_port_space_put_back(struct tsr_port_space *ports, GPtrArray *aside);
/* A region from the template; NULL with error when the ports are taken. */
struct tsr_region *tsr_port_space_add(struct tsr_port_space *ports,
				      const struct tsr_region *template, struct tsr_error *error);
/* All of them; the list belongs to the port space. [locked] */
GPtrArray *tsr_port_space_get_regions(const struct tsr_port_space *ports);
uint32_t tsr_port_read(struct tsr_port_space *ports, uint16_t port, unsigned width);
void tsr_port_write(struct tsr_port_space *ports, uint16_t port, uint32_t value, unsigned width);

#endif
