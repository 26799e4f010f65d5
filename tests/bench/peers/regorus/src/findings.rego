# The four families as a policy. Knowledge lies in `data`, indexed by the code of the item.
package peers

import rego.v1

findings contains {"rule": "DIA-1", "row": line.key, "other": "", "found": 0} if {
	some line in input.lines
	line.reviewed
	# The virtual machine goes on where a look-up is undefined, so absence is made a value.
	limited := object.get(data.diagnoses, line.item, {})
	limited != {}
	not fits(limited, line.diagnoses)
}

fits(limited, diagnoses) if {
	some diagnosis in diagnoses
	limited[diagnosis]
}

findings contains {"rule": "QTY-1", "row": sum.key, "other": "", "found": sum.quantity} if {
	some day in days
	some item, sum in day
	sum.reviewed
	sum.quantity > data.quantities[item]
}

findings contains {"rule": "PAR-1", "row": one.key, "other": two.key, "found": 0} if {
	some day in days
	some item, one in day
	two := day[data.pairs[item]]
	reviewed(one, two)
}

reviewed(one, _) if one.reviewed

reviewed(one, two) if {
	not one.reviewed
	two.reviewed
}

findings contains {"rule": "REA-1", "row": later.key, "other": earlier.key, "found": after} if {
	some later in input.stays
	later.reviewed
	some earlier in input.stays
	earlier.key != later.key
	after := later.admission - earlier.discharge
	after >= 0
	after <= data.readmission_days
}
