#include "plan_abi.h"
