# What there is of each item in each day, of the lines that some rule sums or pairs.
package peers

import rego.v1

used := [line | some line in input.lines; object.get(data.used_by_day, line.item, false)]

days := [day |
	some number in {line.day | some line in used}
	of_day := [line | some line in used; line.day == number]
	day := {item: total |
		some item in {line.item | some line in of_day}
		lines := [line | some line in of_day; line.item == item]
		total := {
			"key": min([line.key | some line in lines]),
			"quantity": sum([line.quantity | some line in lines]),
			"reviewed": true in [line.reviewed | some line in lines],
		}
	}
]
