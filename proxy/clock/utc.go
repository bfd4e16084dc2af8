package clock

// AppendTime appends a time of day, in milliseconds since 1970, as RFC 3339 has it: 2026-11-28T20:15:39.123Z.
func AppendTime(b []byte, ms int64) []byte {
	const perDay = 24 * 3600 * 1000
	days, rest := ms/perDay, int(ms%perDay)
	// Years begin in March, so that the day that not each has is the last of one; an era is 400 of them.
	days += 719468 // from 0000-03-01
	era := days / 146097
	ofEra := int(days % 146097)
	year := (ofEra - ofEra/1460 + ofEra/36524 - ofEra/146096) / 365
	ofYear := ofEra - (365*year + year/4 - year/100)
	month := (5*ofYear + 2) / 153
	day := ofYear - (153*month+2)/5 + 1
	year += int(era) * 400
	if month += 3; month > 12 {
		month -= 12
		year++
	}
	for _, part := range [...]struct {
		n, digits int
		before    byte
	}{{year, 4, 0}, {month, 2, '-'}, {day, 2, '-'}, {rest / 3600000, 2, 'T'}, {rest / 60000 % 60, 2, ':'}, {rest / 1000 % 60, 2, ':'}, {rest % 1000, 3, '.'}} {
		if part.before != 0 {
			b = append(b, part.before)
		}
		for unit := [...]int{2: 10, 3: 100, 4: 1000}[part.digits]; unit > 0; unit /= 10 {
			b = append(b, '0'+byte(part.n/unit%10))
		}
	}
	return append(b, 'Z')
}
