#pragma once

#include "guard.hpp"

#include <arrow/status.h>

/// Sorts Arrow's errors, which say in words what the software of the store's maker said.
int fail_with(store_error *error, const arrow::Status &status);
