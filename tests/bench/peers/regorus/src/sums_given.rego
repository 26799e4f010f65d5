package peers

import rego.v1

days := input.days
