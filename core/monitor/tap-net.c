/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Frames between a network card and its back end ("tessera.net/1"). */
#include <tessera/net.h>

#include "monitor/tap-link.h"
#include "recording/interfaces.h"

#include "monitor/tap-net.inc"
