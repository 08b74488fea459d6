// Calls of IBM's Key Protect client. It is of an older core than the other SDKs, and has its packages in this folder.
import { readFileSync } from 'node:fs';
import IbmKeyProtectApiV2 from '@ibm-cloud/ibm-key-protect/ibm-key-protect-api/v2.js';

const KEY = 'application/vnd.ibm.kms.key+json';
const NAMES = ['@ibm-cloud/ibm-key-protect'];
const keyOf = ({ result }) => ({ key: result?.resources?.[0] ?? null });

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
};

export function keyProtect({ service, call: { method, instance, ...rest } }) {
  const client = IbmKeyProtectApiV2.newInstance({ serviceName: service });
  return methods[method](client, { bluemixInstance: instance, ...rest });
}

const read = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url)));

export const packages = Object.fromEntries(NAMES.map((name) => [name, read(name).version]));
