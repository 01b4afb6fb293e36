/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The domain of the errors that users can cause (tessera-glib/machine.h), for every layer of the
 * core. */
#include <tessera-glib/machine.h>

/* The name is made a string as it stands here. */
/* clang-format off */
G_DEFINE_QUARK(tsr-machine-error-quark, tsr_machine_error)
/* clang-format on */
