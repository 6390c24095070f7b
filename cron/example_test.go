package cron_test

import (
	"fmt"
	"time"

	"github.com/carillonhq/carillon/cron"
)

func ExampleExpression_Next() {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		fmt.Println(err)
		return
	}
	nightly, err := cron.Parse("0 30 2 * * ?")
	if err != nil {
		fmt.Println(err)
		return
	}
	at := time.Date(2026, 3, 27, 12, 0, 0, 0, berlin)
	for range 3 {
		at, _ = nightly.Next(at, berlin)
		fmt.Println(at.Format(time.RFC3339))
	}
	// Output:
	// 2026-03-28T02:30:00+01:00
	// 2026-03-29T03:30:00+02:00
	// 2026-03-30T02:30:00+02:00
}

func ExampleError() {
	_, err := cron.Parse("0 0 12 * * MON")
	fmt.Println(err)
	// Output:
	// day of month is "*", want ?: write "0 0 12 ? * MON" (exactly one of the two day fields is ?)
}
