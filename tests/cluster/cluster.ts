import { randomBytes } from 'node:crypto';

/** An image with Python that the cluster's nodes can get. */
export const image = process.env.NOTEPOD_TEST_IMAGE ?? 'notepod/python:3.11';
/** The service account that steps run as. */
export const stepAccount = process.env.NOTEPOD_TEST_SERVICE_ACCOUNT ?? 'argo-workflow';

/** A name that no other test has. */
export function objectName(what: string): string {
  return `notepod-test-${what}-${randomBytes(3).toString('hex')}`;
}
