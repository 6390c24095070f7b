package core_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/carillonhq/carillon/core"
	"github.com/carillonhq/carillon/internal/testdb/fill"
)

func TestSettingDefaults(t *testing.T) {
	t.Parallel()
	got, unreadable := core.ReadSettings(nil)
	require.Empty(t, unreadable)
	fill.Same(t, core.Settings{
		HTTPRequestTimeout: 10 * time.Second, DelayPattern: core.DelayRelative, DelayRetryTimes: 3, DelayRetrySpan: 10 * time.Second,
		DelaySuccessContains: "success", RetentionAge: 30 * 24 * time.Hour, RetentionCount: 10_000,
		RetentionAudit: 365 * 24 * time.Hour, RetentionLog: 14 * 24 * time.Hour, LogLevel: core.LogInfo, SMTPPort: 25,
		ImagePullPolicy: "Always", UnhealthTimes: 3,
	}, got)
	require.Equal(t, core.Lease, got.WorkerLease(), "three heartbeats and a second")
	for _, spec := range core.SettingSpecs() {
		require.NoError(t, core.CheckSetting(spec.Name, spec.Default), spec.Name)
		require.NotEmpty(t, spec.Help, spec.Name)
	}
}

// Each setting with a value other than its default reaches a field of its own, and bad values are refused by name. A bad
// value that is stored all the same leaves its setting at the default, and no other.
func TestSettingValues(t *testing.T) {
	t.Parallel()
	defaults, _ := core.ReadSettings(nil)
	stored := map[string]string{}
	seen := map[string]bool{}
	for _, c := range []struct {
		name, good string
		bad        []string
	}{
		{"Http_RequestTimeout", "120", []string{"", "0", "-1", "86401", "1.5", "10s", "x"}},
		{"DelayTask_DelayPattern", "absolute", []string{"", "Never"}},
		{"DelayTask_RetryTimes", "0", []string{"", "-1", "101", "x"}},
		{"DelayTask_RetrySpans", "5", []string{"", "0", "86401", "x"}},
		{"DelayTask_SuccessContains", "", []string{strings.Repeat("x", 201), "\xff"}},
		{"Retention_Days", "0", []string{"", "-1", "36501", "x"}},
		{"Retention_RunsPerTask", "0", []string{"", "-1", "100000001", "x"}},
		{"Retention_AuditDays", "0", []string{"", "-1", "36501", "x"}},
		{"Retention_SystemLogDays", "0", []string{"", "-1", "36501", "x"}},
		{"System_LogLevel", "warn", []string{"", "Loud"}},
		{"Email_SmtpServer", "mail.example.org", []string{strings.Repeat("x", 201), "\xff"}},
		{"Email_SmtpPort", " 587 ", []string{"", "0", "65536", "x"}},
		{"Email_FromAccount", "a@example.org", []string{strings.Repeat("x", 201)}},
		{"Email_FromAccountPwd", "secret", []string{strings.Repeat("x", 201)}},
		{"Assembly_ImagePullPolicy", "ifnotpresent", []string{"", "Never"}},
		{"System_WorkerUnHealthTimes", "20", []string{"", "1", "21", "x"}},
	} {
		seen[c.name] = true
		stored[c.name] = c.good
		require.NoError(t, core.CheckSetting(c.name, c.good), c.name)
		for _, bad := range c.bad {
			requireField(t, core.CheckSetting(c.name, bad), c.name, bad)
			got, unreadable := core.ReadSettings(map[string]string{c.name: bad})
			require.Len(t, unreadable, 1)
			requireField(t, unreadable[c.name], c.name, "stored "+bad)
			fill.Same(t, defaults, got)
		}
	}
	for _, spec := range core.SettingSpecs() {
		require.True(t, seen[spec.Name], "%s is missing from this test", spec.Name)
	}

	got, unreadable := core.ReadSettings(stored)
	require.Empty(t, unreadable)
	fill.Same(t, core.Settings{
		HTTPRequestTimeout: 2 * time.Minute, DelayPattern: core.DelayAbsolute, DelayRetrySpan: 5 * time.Second,
		SMTPServer: "mail.example.org", SMTPPort: 587, SMTPFrom: "a@example.org", SMTPPassword: "secret",
		LogLevel: core.LogWarn, ImagePullPolicy: "IfNotPresent", UnhealthTimes: 20,
	}, got)
}

func TestSettingNames(t *testing.T) {
	t.Parallel()
	requireField(t, core.CheckSetting("Http_Requesttimeout", "10"), "Http_Requesttimeout", "names are compared to the letter")
	got, unreadable := core.ReadSettings(map[string]string{"From_A_Newer_Version": "x"})
	require.Empty(t, unreadable, "a stored setting that is not known is left alone")
	require.Equal(t, 3, got.UnhealthTimes)
	for _, spec := range core.SettingSpecs() {
		require.Equal(t, spec.Name == "Email_FromAccountPwd", spec.Secret, spec.Name)
	}
}
