package ui

import "github.com/carillonhq/carillon/web/messages"

// The headings of the menu.
const (
	sectionWork    = messages.Key("Work")
	sectionCluster = messages.Key("Cluster")
	sectionAdmin   = messages.Key("Administration")
)

// pages is the list of all pages, in the order of the menu.
func pages(u *UI) []*page {
	return []*page{
		overviewPage(u),

		// Work
		tasksPage(u),
		delayedPage(u),
		runsPage(u),
		pluginsPage(u),

		// Cluster
		nodesPage(u),

		// Administration
		usersPage(u),
		settingsPage(u),
		auditPage(u),
		systemLogPage(u),
		apiDocsPage(u),

		// Not in the menu
		taskEditPage(u),
		accountPage(u),
		signInPage(u),
		livePage(u),
	}
}
