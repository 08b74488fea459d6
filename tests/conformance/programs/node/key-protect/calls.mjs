// Calls of IBM's Key Protect client. It is of an older core than the other SDKs, and has its packages in this folder.
import { readFileSync } from 'node:fs';
import IbmKeyProtectApiV2 from '@ibm-cloud/ibm-key-protect/ibm-key-protect-api/v2.js';

const KEY = 'application/vnd.ibm.kms.key+json';
const POLICY = 'application/vnd.ibm.kms.policy+json';
const NAMES = ['@ibm-cloud/ibm-key-protect'];
const first = ({ result }) => result?.resources?.[0] ?? null;
const keyOf = (response) => ({ key: first(response) });
const collectionOf = (policy) => ({ metadata: { collectionType: POLICY, collectionTotal: 1 }, resources: [policy] });

// What goes in and comes out has the same names in all languages.
const methods = {
  async create(client, { name, ...instance }) {
    const metadata = { collectionType: KEY, collectionTotal: 1 };
    const body = { metadata, resources: [{ type: KEY, name, extractable: false }] };
    return keyOf(await client.createKey({ ...instance, body }));
  },
  async get(client, { key, ...instance }) {
    return keyOf(await client.getKey({ ...instance, id: key }));
  },
  async list(client, instance) {
    const { result } = await client.getKeys(instance);
    return { ids: (result.resources ?? []).map((key) => key.id) };
  },
  async wrap(client, { key, ...instance }) {
    const { result } = await client.wrapKey({ ...instance, id: key });
    return { plaintext: result.plaintext, ciphertext: result.ciphertext, version: result.keyVersion.id };
  },
  async unwrap(client, { key, ciphertext, ...instance }) {
    const { result } = await client.unwrapKey({ ...instance, id: key, keyActionUnwrapBody: { ciphertext } });
    return { plaintext: result.plaintext, rewrapped: result.ciphertext ?? '' };
  },
  async delete(client, { key, minimal, ...instance }) {
    const prefer = minimal ? 'return=minimal' : 'return=representation';
    return keyOf(await client.deleteKey({ ...instance, id: key, prefer }));
  },
  async rotate(client, { key, ...instance }) {
    await client.rotateKey({ ...instance, id: key });
    return {};
  },
  async versions(client, { key, ...instance }) {
    const { result } = await client.getKeyVersions({ ...instance, id: key });
    return { ids: result.resources.map((version) => version.id) };
  },
  async disable(client, { key, ...instance }) {
    await client.disableKey({ ...instance, id: key });
    return {};
  },
  async set_rotation_policy(client, { key, months, ...instance }) {
    const setKeyPoliciesOneOf = collectionOf({ type: POLICY, rotation: { interval_month: months } });
    return { policy: first(await client.putPolicy({ ...instance, id: key, policy: 'rotation', setKeyPoliciesOneOf })) };
  },
  async rotation_policy(client, { key, ...instance }) {
    return { policy: first(await client.getPolicy({ ...instance, id: key, policy: 'rotation' })) };
  },
  async set_instance_rotation_policy(client, { enabled, months, ...instance }) {
    const data = { enabled, attributes: { interval_month: months } };
    const setInstancePoliciesOneOf = collectionOf({ policy_type: 'rotation', policy_data: data });
    await client.putInstancePolicy({ ...instance, policy: 'rotation', setInstancePoliciesOneOf });
    return {};
  },
  async instance_rotation_policy(client, instance) {
    return { policy: first(await client.getInstancePolicy({ ...instance, policy: 'rotation' })) };
  },
  async create_import_token(client, { seconds, reads, ...instance }) {
    const life = { expiration: seconds, maxAllowedRetrievals: reads };
    return { token: (await client.postImportToken({ ...instance, ...life })).result };
  },
  async import_token(client, instance) {
    return { token: (await client.getImportToken(instance)).result };
  },
};

export function keyProtect({ service, call: { method, instance, ...rest } }) {
  const client = IbmKeyProtectApiV2.newInstance({ serviceName: service });
  return methods[method](client, { bluemixInstance: instance, ...rest });
}

const read = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url)));

export const packages = Object.fromEntries(NAMES.map((name) => [name, read(name).version]));
