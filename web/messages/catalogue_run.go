package messages

// runTexts are said of runs.
var runTexts = map[string]string{
	"there is no run %s":          "运行记录 %s 不存在",
	"the run has ended: it is %s": "本次运行已结束，结果为“%s”",
}
