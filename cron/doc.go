// Package cron reads Quartz cron expressions and computes the instants they name.
//
// An expression has six or seven fields, divided by blanks. Letters may be of either case.
//
//	field         values               also
//	second        0-59                 * , - /
//	minute        0-59                 * , - /
//	hour          0-23                 * , - /
//	day of month  1-31                 * , - / ? L LW L-n L-nW nW
//	month         1-12 or JAN-DEC      * , - /
//	day of week   1-7 or SUN-SAT       * , - / ? L nL n#k
//	year          1970-2199, optional  * , - /
//
// What may stand in a field, alone or in a list:
//
//	form   meaning
//	*      every value
//	a,b,c  a list, of any of the other forms but ?
//	a-b    a range; it wraps round when a is after b: 22-2, FRI-MON, NOV-FEB (years do not wrap)
//	a/n    every nth value from a to the field's last; */n and /n begin at the field's first
//	a-b/n  every nth value of the range, wrapped or not
//	?      nothing said here; exactly one of the two day fields is ?
//	L      day of month: the last day; day of week: 7, that is SAT, every week
//	L-n    the nth day before the last, n from 0 to 30; none in a month too short for it
//	nW     the weekday, Monday to Friday, nearest to day n, in the same month; n beyond the
//	       month's end means its last day
//	LW     the last weekday; L-nW the weekday nearest to L-n, in the same month
//	nL     the last such day of the week in the month: 6L, FRIL
//	n#k    the kth such day of the week in the month, k from 1 to 5: 6#3, FRI#3; none in a
//	       month without it
//
// Days of the week count from 1 = SUN to 7 = SAT. A name is its number wherever a number may stand, so
// MON/2 is 2/2, where Quartz drops what follows a name. A step is from 1 up to the largest that Quartz
// accepts: 59 for second and minute, 23 for hour, 31 for day of month, 12 for month and 7 for day of
// week; 229 for year. Quartz lets the step of a range and of a year pass unchecked; here they are held to it too.
//
// What versions of Quartz read in different ways, or drop in silence, Parse refuses: two day fields that
// both say something (15 MON, 15 *, * MON, * *) or neither does (? ?), empty items of a list, and
// anything left over in a field or after the seventh.
//
// # Clock changes
//
// The rule is that of Quartz.NET 3, completed so that no time an expression names is lost and no two
// dues are equal.
//
// A time that the clock jumps over, when it is put forward, is due as if the clock had not been touched
// yet: 02:30 in a gap from 02:00 to 03:00 is due at 03:30, once, on the same day. Where it then meets
// another due of the expression the two are one. So 0 0/30 * * * ? fires at each real half hour through
// the gap, and 0 0/15 2 * * ? fires its four times on that day too, from 03:00 to 03:45. A zone that
// leaves out a whole day is a gap of 24 hours: its noon is due at the noon after it. Where the gap is not
// a multiple of the step, like the half hour of Lord Howe Island under 0 0 * * * ?, the shifted dues stand
// between the others: 01:00, 02:00 shifted to 02:30, 03:00.
//
// A time that the clock shows twice, when it is put back, depends on the kind of expression. A fixed one,
// without *, / and - in second, minute and hour, is due at the first showing only: a daily job runs once a
// day. Any other is paced, a rhythm in real time, and is due at every showing: 0 0/30 * * * ? fires
// at each real half hour, and 0 0/15 1 * * ? fires eight times when the hour from 01:00 is repeated.
//
// All of this follows from the offsets of the zone alone. It makes no difference whether a change is
// daylight saving or for good, an hour or half an hour, or at midnight.
package cron
