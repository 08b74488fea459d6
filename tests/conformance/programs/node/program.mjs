// IBM's Node SDKs, asked to do things: a JSON object a line in, a JSON object a line out.
import { createInterface } from 'node:readline';
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import core from 'ibm-cloud-sdk-core';
import IamIdentityV1 from '@ibm-cloud/platform-services/iam-identity/v1.js';
import { keyProtect, packages as keyProtectPackages } from './key-protect/calls.mjs';

const VERSION = '2025-08-26';
// Where IBM's VPC clients find the API unless told otherwise.
const VPC = 'https://us-south.iaas.cloud.ibm.com/v1';

function configure({ service, properties }) {
  for (const [name, value] of Object.entries(properties)) process.env[`${service.toUpperCase()}_${name}`] = value;
}

function authenticatorOf(request) {
  configure(request);
  return core.getAuthenticatorFromEnvironment(request.service);
}

const operations = {
  async authenticate(request) {
    const authenticator = authenticatorOf(request);
    const tokens = [];
    for (let number = 0; number < request.times; number += 1) {
      if (number) await sleep(request.pause * 1000);
      const options = { headers: {} };
      await authenticator.authenticate(options);
      tokens.push(options.headers.Authorization.replace(/^Bearer /, ''));
    }
    return { tokens };
  },

  // There is no VPC client of this core's major version to rely on: the core's own service speaks the VPC API.
  async list_servers(request) {
    const service = new core.BaseService({
      authenticator: authenticatorOf(request),
      serviceUrl: request.properties.URL ?? VPC,
    });
    const { result } = await service.createRequest({
      options: { url: '/bare_metal_servers', method: 'GET', qs: { version: VERSION, generation: 2 } },
      defaultOptions: { ...service.baseOptions, headers: { Accept: 'application/json' } },
    });
    return { servers: result.bare_metal_servers.map((server) => server.name) };
  },

  async list_profiles(request) {
    configure(request);
    const service = IamIdentityV1.newInstance({ serviceName: request.service });
    const { result } = await service.listProfiles({ accountId: request.account });
    return { profiles: result.profiles.map((profile) => profile.name) };
  },

  async key_protect(request) {
    configure(request);
    return keyProtect(request);
  },

  async versions() {
    const names = ['ibm-cloud-sdk-core', '@ibm-cloud/platform-services'];
    const read = (name) => JSON.parse(readFileSync(new URL(`node_modules/${name}/package.json`, import.meta.url)));
    return {
      language: `Node ${process.versions.node}`,
      packages: { ...Object.fromEntries(names.map((name) => [name, read(name).version])), ...keyProtectPackages },
    };
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let answer;
  try {
    answer = await operations[asked.operation](asked);
  } catch (error) {
    answer = { error: { status: error.status ?? null, message: error.message } };
  }
  console.log(JSON.stringify(answer));
}
