import type {
  CoreV1Event,
  V1ConfigMap,
  V1Deployment,
  V1LimitRange,
  V1LocalSubjectAccessReview,
  V1Namespace,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolume,
  V1PersistentVolumeClaim,
  V1Pod,
  V1ResourceQuota,
  V1Secret,
  V1SelfSubjectAccessReview,
  V1ServiceAccount,
  V1StorageClass
} from '@kubernetes/client-node';
import type { JsonObject } from '../compile/types';

/**
 * A type of the official client as it is on the wire: times are texts, and names are as the API has them (the client writes
 * `_default` for what is a word of the language). Nothing here changes an object.
 */
export type Wire<T> = T extends Date
  ? string
  : T extends readonly (infer Item)[]
    ? readonly Wire<Item>[]
    : T extends object
      ? { readonly [K in keyof T as K extends `_${infer Name}` ? Name : K]: Wire<T[K]> }
      : T;

/** What every object has. `name`, `uid` and `resourceVersion` are there in all that comes from the cluster. */
export type Metadata = Wire<V1ObjectMeta>;

/** A kind that the official client has no type for: its parts are looked at with care. */
interface CustomObject {
  readonly apiVersion?: string;
  readonly kind?: string;
  readonly metadata?: Metadata;
  readonly spec?: JsonObject;
  readonly status?: JsonObject;
}

/** The kinds of objects that are read or written, with their types. */
export interface Kinds {
  readonly Workflow: CustomObject;
  readonly WorkflowTemplate: CustomObject;
  readonly CronWorkflow: CustomObject;
  readonly WorkflowTaskResult: CustomObject;
  readonly PodDefault: CustomObject;
  readonly Pod: Wire<V1Pod>;
  readonly ConfigMap: Wire<V1ConfigMap>;
  readonly PersistentVolumeClaim: Wire<V1PersistentVolumeClaim>;
  readonly Event: Wire<CoreV1Event>;
  readonly Secret: Wire<V1Secret>;
  readonly ServiceAccount: Wire<V1ServiceAccount>;
  readonly ResourceQuota: Wire<V1ResourceQuota>;
  readonly LimitRange: Wire<V1LimitRange>;
  readonly Deployment: Wire<V1Deployment>;
  readonly Node: Wire<V1Node>;
  readonly Namespace: Wire<V1Namespace>;
  readonly PersistentVolume: Wire<V1PersistentVolume>;
  readonly StorageClass: Wire<V1StorageClass>;
  readonly SelfSubjectAccessReview: Wire<V1SelfSubjectAccessReview>;
  readonly LocalSubjectAccessReview: Wire<V1LocalSubjectAccessReview>;
}
export type Kind = keyof Kinds;

/** Where a kind lives in the API. */
export interface Resource {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

const core = (plural: string, namespaced = true): Resource => ({
  group: '',
  version: 'v1',
  plural,
  namespaced
});
const of = (group: string, version: string, plural: string, namespaced: boolean): Resource => ({
  group,
  version,
  plural,
  namespaced
});

export const RESOURCES: { readonly [K in Kind]: Resource } = {
  Workflow: of('argoproj.io', 'v1alpha1', 'workflows', true),
  WorkflowTemplate: of('argoproj.io', 'v1alpha1', 'workflowtemplates', true),
  CronWorkflow: of('argoproj.io', 'v1alpha1', 'cronworkflows', true),
  WorkflowTaskResult: of('argoproj.io', 'v1alpha1', 'workflowtaskresults', true),
  PodDefault: of('kubeflow.org', 'v1alpha1', 'poddefaults', true),
  Pod: core('pods'),
  ConfigMap: core('configmaps'),
  PersistentVolumeClaim: core('persistentvolumeclaims'),
  Event: core('events'),
  Secret: core('secrets'),
  ServiceAccount: core('serviceaccounts'),
  ResourceQuota: core('resourcequotas'),
  LimitRange: core('limitranges'),
  Deployment: of('apps', 'v1', 'deployments', true),
  Node: core('nodes', false),
  Namespace: core('namespaces', false),
  PersistentVolume: core('persistentvolumes', false),
  StorageClass: of('storage.k8s.io', 'v1', 'storageclasses', false),
  SelfSubjectAccessReview: of('authorization.k8s.io', 'v1', 'selfsubjectaccessreviews', false),
  LocalSubjectAccessReview: of('authorization.k8s.io', 'v1', 'localsubjectaccessreviews', true)
};

/** `v1`, `argoproj.io/v1alpha1`. */
export function apiVersionOf(kind: Kind): string {
  const { group, version } = RESOURCES[kind];
  return group === '' ? version : `${group}/${version}`;
}

/** Path of all objects of a kind, or of one. @param namespace undefined: those of all namespaces */
export function pathOf(kind: Kind, namespace: string | undefined, name?: string): string {
  const { group, version, plural, namespaced } = RESOURCES[kind];
  return [
    group === '' ? `/api/${version}` : `/apis/${group}/${version}`,
    ...(namespaced && namespace !== undefined ? ['namespaces', encodeURIComponent(namespace)] : []),
    plural,
    ...(name === undefined ? [] : [encodeURIComponent(name)])
  ].join('/');
}
