"""The kfp SDK's side of the tests: its protocol buffers, its loader, and what it makes of a pipeline itself. Prints JSON.

``descriptor``         the schemas, as a FileDescriptorSet in base64
``read FOLDER``        every .yaml file of a folder, parsed strictly and loaded
``golden TERMS``       what the SDK compiles for the pipeline that kfp-sdk.spec.ts writes as a notebook; TERMS: node affinities of a step
"""

import base64
import glob
import json
import os
import sys
import tempfile

import yaml
from google.protobuf import descriptor_pb2, json_format
from kfp import compiler, components, dsl, kubernetes
from kfp.kubernetes import kubernetes_executor_config_pb2
from kfp.pipeline_spec import pipeline_spec_pb2


def descriptor():
    found = descriptor_pb2.FileDescriptorSet()
    seen = set()

    def add(file):
        if file.name not in seen:
            seen.add(file.name)
            for each in file.dependencies:
                add(each)
            file.CopyToProto(found.file.add())

    add(kubernetes_executor_config_pb2.DESCRIPTOR)
    return base64.b64encode(found.SerializeToString()).decode()


def read(folder):
    return {os.path.basename(path): _read(path) for path in sorted(glob.glob(os.path.join(folder, "*.yaml")))}


def _read(path):
    with open(path, encoding="utf-8") as file:
        pipeline, platform = yaml.safe_load_all(file)
    spec = json_format.ParseDict(pipeline, pipeline_spec_pb2.PipelineSpec())
    deployment = json_format.ParseDict(
        pipeline["deploymentSpec"], pipeline_spec_pb2.PipelineDeploymentConfig()
    )
    platforms = json_format.ParseDict(platform, pipeline_spec_pb2.PlatformSpec())
    executors = {
        name: json_format.MessageToDict(
            json_format.ParseDict(each, kubernetes_executor_config_pb2.KubernetesExecutorConfig())
        )
        for name, each in platform["platforms"]["kubernetes"]["deploymentSpec"]["executors"].items()
    }
    loaded = components.load_component_from_file(path)
    return {
        "pipeline": pipeline,
        "platform": platform,
        "spec": json_format.MessageToDict(spec),
        "deployment": json_format.MessageToDict(deployment),
        "platforms": json_format.MessageToDict(platforms),
        "executors": executors,
        "name": loaded.pipeline_spec.pipeline_info.name,
        "inputs": {name: each.type for name, each in (loaded.component_spec.inputs or {}).items()},
    }


def golden(terms):
    image = "python:3.12"

    # Both take all: the first step has the cell that sets them, the second may be answered from the cache.
    @dsl.container_component
    def load(rows: int, rate: float, name: str, deep: bool, sizes: list, more: dict):
        return dsl.ContainerSpec(image=image, args=["load", rows, rate, name, deep, sizes, more])

    @dsl.container_component
    def train(rows: int, rate: float, name: str, deep: bool, sizes: list, more: dict):
        return dsl.ContainerSpec(image=image, args=["train", rows, rate, name, deep, sizes, more])

    workspace = dsl.WorkspaceConfig(
        size="3Gi",
        kubernetes=dsl.KubernetesWorkspaceConfig(
            pvcSpecPatch={"accessModes": ["ReadWriteMany"], "storageClassName": "fast"}
        ),
    )

    @dsl.pipeline(name="golden", pipeline_config=dsl.PipelineConfig(workspace=workspace))
    def pipeline(
        rows: int = 1000,
        rate: float = 0.5,
        name: str = "a",
        deep: bool = True,
        sizes: list = [1],  # noqa: B006 - how a default is given
        more: dict = {"a": 1},  # noqa: B006
    ):
        given = {"rows": rows, "rate": rate, "name": name, "deep": deep, "sizes": sizes, "more": more}
        first = load(**given)
        first.set_caching_options(False)
        first.set_cpu_request("500m").set_cpu_limit("2").set_memory_request("1Gi").set_memory_limit("4Gi")
        secret = {"secret_name": "warehouse", "secret_key_to_env": {"password": "DB_PASSWORD"}}
        kubernetes.use_secret_as_env(first, **secret, optional=False)
        kubernetes.mount_pvc(first, pvc_name="shared-data", mount_path="/data")
        kubernetes.add_pod_label(first, "team", "a")
        kubernetes.add_pod_annotation(first, "note", "b c")
        kubernetes.set_timeout(first, 3600)
        for term in json.loads(terms):
            kubernetes.add_node_affinity(
                first, match_expressions=term["matchExpressions"], weight=term.get("weight")
            )
        second = train(**given).after(first)
        second.set_caching_options(True)
        second.set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
        second.set_retry(
            num_retries=2, backoff_duration="10s", backoff_factor=2.0, backoff_max_duration="2592000s"
        )
        kubernetes.add_node_selector(second, "accelerator", "nvidia")
        kubernetes.add_toleration(second, key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")
        kubernetes.add_toleration(second, key="team", operator="Equal", value="ml")
        for task in (first, second):
            kubernetes.set_image_pull_policy(task, "IfNotPresent")
            kubernetes.set_security_context(task, run_as_user=1000)
            kubernetes.use_field_path_as_env(task, "NOTEPOD_RUN", "metadata.labels['pipeline/runid']")

    path = os.path.join(tempfile.mkdtemp(), "golden.yaml")
    compiler.Compiler().compile(pipeline, path)
    with open(path, encoding="utf-8") as file:
        return list(yaml.safe_load_all(file))


if __name__ == "__main__":
    done = {"descriptor": descriptor, "read": read, "golden": golden}[sys.argv[1]](*sys.argv[2:])
    json.dump(done, sys.stdout)
