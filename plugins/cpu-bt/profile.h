/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the processor is, for a profile of the guest. */
#ifndef TSR_BT_PROFILE_H
#define TSR_BT_PROFILE_H

#include <tessera/draft/cpu-profile.h>

extern const struct tsr_cpu_profile tsr_bt_profile;

#endif
