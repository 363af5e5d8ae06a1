"""The manifests: built by kustomize, checked against types, held to rules."""

import json
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import yaml

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from support import ROOT, EndToEndTest  # noqa: E402

OVERLAYS = ROOT / "deploy/kubernetes/overlays"
TYPES = ROOT / "tests/deploy/kubernetes_types"
SECONDS = {"s": 1, "m": 60, "h": 3600}

# apiVersion and kind -> where npm has the type.
INTERFACES = {
    ("keda.sh/v1alpha1", "ScaledObject"): "@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject",
    ("keda.sh/v1alpha1", "TriggerAuthentication"):
        "@kubernetes-models/keda/keda.sh/v1alpha1/TriggerAuthentication",
}


def interface(document):
    version, kind = document["apiVersion"], document["kind"]
    return INTERFACES.get((version, kind), f"kubernetes-models/{version}/{kind}")


def build(overlay):
    done = subprocess.run(["kubectl", "kustomize", str(OVERLAYS / overlay)],
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return [one for one in yaml.safe_load_all(done.stdout) if one]


def as_typescript(documents):
    """One that compiles if each document is what its kind may be."""
    out = []
    for number, document in enumerate(documents):
        kind = document["kind"]
        out.append(f'import type {{ I{kind} as T{number} }} from "{interface(document)}";')
        out.append(f"export const d{number}: T{number} = {json.dumps(document, indent=1)};")
    return "\n".join(out) + "\n"


def type_errors(folder, documents):
    (folder / "manifests.ts").write_text(as_typescript(documents))
    modules = folder / "node_modules"
    if not modules.exists():
        modules.symlink_to(TYPES / "node_modules")
    done = subprocess.run(
        ["node", str(TYPES / "node_modules/typescript/bin/tsc"), "--noEmit", "--strict",
         "--skipLibCheck", "--module", "nodenext", "--moduleResolution", "nodenext",
         "--target", "es2022", "manifests.ts"],
        cwd=folder, capture_output=True, text=True)
    return done.stdout + done.stderr


def pods(documents):
    """(name, template of the pod) of all that makes pods."""
    for document in documents:
        if document["kind"] in ("Deployment", "Job"):
            yield document["metadata"]["name"], document["spec"]["template"]


def containers(documents):
    for name, template in pods(documents):
        for container in template["spec"]["containers"]:
            yield name, template["spec"], container


def environment(container):
    return {one["name"]: one.get("value") for one in container.get("env", [])}


@unittest.skipUnless(shutil.which("kubectl"), "kubectl is not in Debian in a useful version")
class ManifestsTest(EndToEndTest):

    @classmethod
    def setUpClass(cls):
        cls.overlays = {path.name: build(path.name) for path in OVERLAYS.iterdir()}

    def each(self):
        for name, documents in self.overlays.items():
            with self.subTest(overlay=name):
                yield documents

    def test_there_is_one_for_development_and_one_for_production(self):
        self.assertEqual(set(self.overlays), {"dev", "production"})
        names = {(one["kind"], one["metadata"]["name"]) for one in self.overlays["production"]}
        for profile in ("generic", "data", "api"):
            for kind in ("Deployment", "PodDisruptionBudget", "ScaledObject"):
                self.assertIn((kind, f"windlass-executor-{profile}"), names)
        for kind in ("Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"):
            self.assertIn((kind, "windlass-server"), names)
        self.assertIn(("Job", "windlass-migrate"), names)

    # --- types

    @unittest.skipUnless((TYPES / "node_modules/typescript").exists(),
                         "npm did not get the types; tools/install_deps.sh test")
    def test_every_document_has_the_fields_of_its_kind(self):
        together = [one for documents in self.overlays.values() for one in documents]
        self.assertEqual(type_errors(self.folder, together), "")

    @unittest.skipUnless((TYPES / "node_modules/typescript").exists(), "as above")
    def test_a_field_that_does_not_exist_is_noticed(self):
        deployment = next(one for one in build("dev") if one["kind"] == "Deployment")
        deployment["spec"]["replica"] = 3
        self.assertIn("'\"replica\"' does not exist", type_errors(self.folder, [deployment]))

    # --- rules

    def test_every_container_has_limits_and_asks_for_no_more_than_them(self):
        for documents in self.each():
            for name, _, container in containers(documents):
                resources = container["resources"]
                self.assertEqual(set(resources["limits"]), {"cpu", "memory"}, name)
                self.assertEqual(set(resources["requests"]), {"cpu", "memory"}, name)
                for what in ("cpu", "memory"):
                    self.assertLessEqual(amount(resources["requests"][what]),
                                         amount(resources["limits"][what]), name)

    def test_every_container_fits_the_restricted_pod_security_standard(self):
        for documents in self.each():
            for name, pod, container in containers(documents):
                self.assertTrue(pod["securityContext"]["runAsNonRoot"], name)
                self.assertGreater(pod["securityContext"]["runAsUser"], 0, name)
                self.assertEqual(pod["securityContext"]["seccompProfile"],
                                 {"type": "RuntimeDefault"}, name)
                self.assertIs(pod["automountServiceAccountToken"], False, name)
                own = container["securityContext"]
                self.assertEqual((own["allowPrivilegeEscalation"], own["readOnlyRootFilesystem"],
                                  own["capabilities"]), (False, True, {"drop": ["ALL"]}), name)
                self.assertFalse(pod.get("hostNetwork") or pod.get("hostPID"), name)
            namespace = next(one for one in documents if one["kind"] == "Namespace")
            self.assertEqual(namespace["metadata"]["labels"]
                             ["pod-security.kubernetes.io/enforce"], "restricted")

    def test_probes_ask_the_endpoints_that_are_for_them(self):
        for documents in self.each():
            for name, _, container in containers(documents):
                if name in ("windlass-migrate", "postgres"):
                    continue  # A job ends by itself; PostgreSQL has its own.
                ports = {port["name"] for port in container["ports"]}
                for probe, path in (("livenessProbe", "/livez"), ("readinessProbe", "/readyz")):
                    asked = container[probe]["httpGet"]
                    self.assertEqual(asked["path"], path, name)
                    self.assertIn(asked["port"], ports, name)

    def test_a_pod_has_longer_to_end_than_its_drain_takes(self):
        for documents in self.each():
            found = 0
            for name, pod, container in containers(documents):
                drain = environment(container).get("WINDLASS_DRAIN_GRACE_PERIOD")
                if "executor" not in name:
                    continue
                found += 1
                number, unit = re.fullmatch(r"(\d+)([smh])", drain).groups()
                self.assertGreaterEqual(pod["terminationGracePeriodSeconds"],
                                        int(number) * SECONDS[unit] + 30, name)
            self.assertEqual(found, 3)

    def test_images_are_named_with_a_tag_that_is_not_latest(self):
        for documents in self.each():
            for name, _, container in containers(documents):
                self.assertRegex(container["image"], r"^[^:]+/[^:]+:(?!latest$)[\w.-]+$", name)

    def test_selectors_choose_the_pods_they_are_meant_for(self):
        for documents in self.each():
            labels = {name: template["metadata"]["labels"] for name, template in pods(documents)}
            for document in documents:
                spec, name = document.get("spec", {}), document["metadata"]["name"]
                if document["kind"] == "Deployment":
                    chosen = [other for other, own in labels.items()
                              if matches(spec["selector"]["matchLabels"], own)]
                    self.assertEqual(chosen, [name])
                elif document["kind"] == "PodDisruptionBudget":
                    self.assertTrue(matches(spec["selector"]["matchLabels"], labels[name]))
                elif document["kind"] == "Service":
                    self.assertTrue(matches(spec["selector"], labels[name]))
                elif document["kind"] == "NetworkPolicy":
                    self.assertTrue(any(matches(spec["podSelector"]["matchLabels"], own)
                                        for own in labels.values()), name)

    def test_what_scales_names_a_deployment_without_a_fixed_number(self):
        documents = self.overlays["production"]
        deployments = {one["metadata"]["name"]: one for one in documents
                       if one["kind"] == "Deployment"}
        scaled = [one["spec"]["scaleTargetRef"]["name"] for one in documents
                  if one["kind"] in ("ScaledObject", "HorizontalPodAutoscaler")]
        self.assertEqual(sorted(scaled), sorted(deployments))
        for deployment in deployments.values():
            self.assertNotIn("replicas", deployment["spec"])

    def test_production_has_no_secret_in_it(self):
        self.assertFalse([one for one in self.overlays["production"] if one["kind"] == "Secret"])
        for _, _, container in containers(self.overlays["production"]):
            for value in environment(container).values():
                self.assertNotRegex(value or "", r"://\w+:\w+@")

    # --- what scaling asks

    def test_the_query_that_scales_counts_what_is_ready(self):
        from postgres import Postgres
        queries = {one["metadata"]["name"]: trigger["metadata"]["query"]
                   for one in self.overlays["production"] if one["kind"] == "ScaledObject"
                   for trigger in one["spec"]["triggers"] if trigger["type"] == "postgresql"}
        with Postgres() as postgres:
            self.store = postgres.create_database()
            self.windlass("migrate", "up", code=0)
            count = lambda: {name: postgres.query(query, self.store)[0][0]
                             for name, query in queries.items()}
            self.assertEqual(set(count().values()), {"0"})
            self.submit("""
                windlass: 1
                name: scaled
                tasks:
                  a: {type: noop}
                  b: {type: noop}
                  c: {type: sql, params: {query: select 1}}
                  later: {type: noop, depends_on: [a]}
                """, "--count", "5")
            self.assertEqual(count(), {"windlass-executor-generic": "10",
                                       "windlass-executor-data": "5",
                                       "windlass-executor-api": "0"})


def matches(selector, labels):
    return selector.items() <= labels.items()


def amount(text):
    units = {"m": 1e-3, "Mi": 2 ** 20, "Gi": 2 ** 30}
    number, unit = re.fullmatch(r"(\d+)(\w*)", str(text)).groups()
    return int(number) * units.get(unit, 1)


if __name__ == "__main__":
    unittest.main()
