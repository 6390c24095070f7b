package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	policy "k8s.io/api/policy/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// objects are all that the manifests say, by name.
type objects struct {
	kustomization kustomization
	services      map[string]*core.Service
	secrets       map[string]*core.Secret
	budgets       map[string]*policy.PodDisruptionBudget
	pods          []pods
}

// kustomization is as much of kustomize's own file as is used here.
type kustomization struct {
	meta.TypeMeta `json:",inline"`
	Resources     []string `json:"resources"`
	Images        []struct {
		Name    string `json:"name"`
		NewName string `json:"newName"`
		NewTag  string `json:"newTag"`
	} `json:"images"`
}

// pods are what a Deployment or StatefulSet makes.
type pods struct {
	of       string // kind and name
	service  string // the governing one, of a StatefulSet
	selector labels.Selector
	core.PodTemplateSpec
}

// manifests reads every file of a folder by the API's types, in which a field that does not exist is an error, and looks that
// the objects fit together.
func manifests(folder string) error {
	o := objects{services: map[string]*core.Service{}, secrets: map[string]*core.Secret{}, budgets: map[string]*policy.PodDisruptionBudget{}}
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		return errors.Join(err, fmt.Errorf("there are no manifests in %s", folder))
	}
	var errs []error
	for _, file := range files {
		if err := o.read(file); err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", filepath.Base(file), err))
		}
	}
	if len(errs) == 0 {
		errs = append(errs, o.check(folder))
	}
	return errors.Join(errs...)
}

func (o *objects) read(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	var errs []error
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return errors.Join(errs...)
		}
		if err != nil {
			return err
		}
		if len(bytes.TrimSpace(document)) > 0 {
			errs = append(errs, o.add(document))
		}
	}
}

// add reads one object.
func (o *objects) add(document []byte) error {
	var kind struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := yaml.Unmarshal(document, &kind); err != nil {
		return err
	}
	switch kind.APIVersion + " " + kind.Kind {
	case "kustomize.config.k8s.io/v1beta1 Kustomization":
		return yaml.UnmarshalStrict(document, &o.kustomization)
	case "v1 Service":
		s := new(core.Service)
		err := yaml.UnmarshalStrict(document, s)
		o.services[s.Name] = s
		return err
	case "v1 Secret":
		s := new(core.Secret)
		err := yaml.UnmarshalStrict(document, s)
		o.secrets[s.Name] = s
		return err
	case "policy/v1 PodDisruptionBudget":
		b := new(policy.PodDisruptionBudget)
		err := yaml.UnmarshalStrict(document, b)
		o.budgets[b.Name] = b
		return err
	case "apps/v1 Deployment":
		var d apps.Deployment
		err := yaml.UnmarshalStrict(document, &d)
		return errors.Join(err, o.addPods("Deployment "+d.Name, "", d.Spec.Selector, d.Spec.Template))
	case "apps/v1 StatefulSet":
		var s apps.StatefulSet
		err := yaml.UnmarshalStrict(document, &s)
		return errors.Join(err, o.addPods("StatefulSet "+s.Name, s.Spec.ServiceName, s.Spec.Selector, s.Spec.Template))
	}
	return fmt.Errorf("%s %s is not among the kinds that are checked", kind.APIVersion, kind.Kind)
}
