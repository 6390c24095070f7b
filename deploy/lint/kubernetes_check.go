package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	core "k8s.io/api/core/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/util/validation"
)

func (o *objects) addPods(of, service string, selector *meta.LabelSelector, template core.PodTemplateSpec) error {
	s, err := meta.LabelSelectorAsSelector(selector)
	if err != nil {
		return fmt.Errorf("%s: %w", of, err)
	}
	o.pods = append(o.pods, pods{of, service, s, template})
	return nil
}

// check looks at what the objects say of each other.
func (o *objects) check(folder string) error {
	var errs []error
	refuse := func(wrong bool, format string, args ...any) {
		if wrong {
			errs = append(errs, fmt.Errorf(format, args...))
		}
	}
	for _, file := range o.kustomization.Resources {
		_, err := os.Stat(filepath.Join(folder, file))
		refuse(err != nil, "kustomization.yaml: %v", err)
	}
	for name, s := range o.services {
		refuse(len(validation.IsDNS1035Label(name)) > 0, "%q is no name of a Service", name)
		chosen := o.chosen(labels.SelectorFromSet(s.Spec.Selector))
		refuse(len(chosen) == 0, "Service %s selects no pods", name)
		refuse(len(s.Spec.Ports) == 0 && s.Spec.ClusterIP != core.ClusterIPNone, "Service %s has no ports", name)
		for _, p := range chosen {
			for _, port := range s.Spec.Ports {
				refuse(!p.listens(port.TargetPort), "Service %s leads to port %s, which %s has not", name, port.TargetPort.String(), p.of)
			}
		}
	}
	for name, b := range o.budgets {
		s, err := meta.LabelSelectorAsSelector(b.Spec.Selector)
		refuse(err != nil || len(o.chosen(s)) != 1, "PodDisruptionBudget %s does not select the pods of one kind", name)
	}
	for _, p := range o.pods {
		refuse(!p.selector.Matches(labels.Set(p.Labels)), "%s does not select its own pods", p.of)
		refuse(p.service != "" && o.services[p.service] == nil, "%s is governed by the Service %s, which is not there", p.of, p.service)
		errs = append(errs, o.checkPod(p))
	}
	return errors.Join(errs...)
}

func (o *objects) checkPod(p pods) error {
	var errs []error
	for _, c := range p.Spec.Containers {
		for _, e := range c.Env {
			if e.ValueFrom == nil || e.ValueFrom.SecretKeyRef == nil {
				continue
			}
			ref := e.ValueFrom.SecretKeyRef
			if s := o.secrets[ref.Name]; s == nil || s.StringData[ref.Key] == "" {
				errs = append(errs, fmt.Errorf("%s takes %s from the key %s of the Secret %s, which has none", p.of, e.Name, ref.Key, ref.Name))
			}
		}
		for name, probe := range map[string]*core.Probe{"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe} {
			if probe != nil && (probe.HTTPGet == nil || !p.listens(probe.HTTPGet.Port)) {
				errs = append(errs, fmt.Errorf("%s has a %s probe that asks a port which it has not", p.of, name))
			}
		}
		s := c.SecurityContext
		if s == nil || s.AllowPrivilegeEscalation == nil || *s.AllowPrivilegeEscalation || s.ReadOnlyRootFilesystem == nil || !*s.ReadOnlyRootFilesystem {
			errs = append(errs, fmt.Errorf("%s may write to its root or gain privileges", p.of))
		}
	}
	return errors.Join(errs...)
}

// chosen are the pods that a selector selects.
func (o *objects) chosen(s labels.Selector) []pods {
	var chosen []pods
	for _, p := range o.pods {
		if s != nil && !s.Empty() && s.Matches(labels.Set(p.Labels)) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// listens says whether the pods have a port, by its name or number.
func (p pods) listens(port intstr.IntOrString) bool {
	for _, c := range p.Spec.Containers {
		for _, has := range c.Ports {
			if port.Type == intstr.String && has.Name == port.StrVal || port.Type == intstr.Int && has.ContainerPort == port.IntVal {
				return true
			}
		}
	}
	return false
}
