/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The mode word and the tag. */
#ifndef TSR_BT_MODE_H
#define TSR_BT_MODE_H

#include "code/bt.h"

uint32_t tsr_bt_mode(struct tsr_bt *bt);
uint32_t tsr_bt_mode_segment(const struct tsr_bt *bt, unsigned segment);
uint32_t tsr_bt_mode_fp(const struct tsr_bt *bt);
uint32_t tsr_bt_mode_privilege(const struct tsr_bt *bt);
uint32_t tsr_bt_mode_flat(const struct tsr_bt *bt);
void tsr_bt_retag(struct tsr_bt *bt);
void tsr_bt_retag_as(struct tsr_bt *bt, uint32_t mode);
uint32_t tsr_bt_last_tag(const struct tsr_bt *bt); /* since the numbers started again */
bool tsr_bt_tags_init(struct tsr_bt *bt);
void tsr_bt_tags_finish(struct tsr_bt *bt);

#endif
