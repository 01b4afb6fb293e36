/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * DRAFT. What is in this folder is not promised: it may change, and go, with any minor version of
 * the ABI, and a plugin that uses it may have to be built again. Whoever includes it says that he
 * knows: his build defines TSR_DRAFT, and his manifest has the names of the interfaces (drafts=).
 */
#ifndef TESSERA_DRAFT_DRAFT_H
#define TESSERA_DRAFT_DRAFT_H

#ifndef TSR_DRAFT
#error "tessera/draft/ may break with the next minor version; define TSR_DRAFT to use it anyway"
#endif

#endif
