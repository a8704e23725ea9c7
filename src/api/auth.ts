/** Who asks, and what they may ask for. */
import { defaultFieldResolver, type GraphQLFieldResolver, type GraphQLSchema, isObjectType } from 'graphql';
import { Extensions } from 'type-graphql';

import { AppError } from '../errors.js';
import type { ApiRole, Principal, Store } from '../store/index.js';

/**
 * ADMIN may do everything; STUDIO reads, trains and deploys; INGEST writes users, items, behaviours, transactions and feedback;
 * SHOP is a shop's own frontend: it reads items and recommendations, has orders and open sessions assessed, and records behaviours and feedback.
 */
export type Role = ApiRole;

export const DEFAULT_SHOP = 'default';

/** Who asks where keys are off: somebody on this very machine. */
const LOCAL: Principal = { shopKey: DEFAULT_SHOP, role: 'ADMIN', name: 'localhost' };

/** Roles that may ask for a root field, ADMIN always included. A root field without it fails when the schema is built. */
export function Access(...roles: Exclude<Role, 'ADMIN'>[]): MethodDecorator & PropertyDecorator {
  return Extensions({ roles: ['ADMIN', ...roles] });
}

/**
 * Who asks, from the header `Authorization: Bearer <key>`.
 *
 * @throws AppError UNAUTHENTICATED without a key, or with one that is unknown or revoked; a wrong key is refused also where none is needed
 */
export async function authenticate(
  store: Store,
  isAuthOn: boolean,
  authorization: string | undefined,
): Promise<Principal> {
  if (authorization === undefined || authorization === '') {
    if (!isAuthOn) return LOCAL;
    throw new AppError('UNAUTHENTICATED', 'Send a key as `Authorization: Bearer <key>`.');
  }
  const key = /^Bearer +(\S+)$/i.exec(authorization.trim())?.[1];
  if (key === undefined) {
    throw new AppError('UNAUTHENTICATED', 'The authorization header must read `Bearer <key>`.');
  }
  const principal = await store.apiKeys.find(key);
  if (!principal) throw new AppError('UNAUTHENTICATED', 'The key is unknown or was revoked.');
  return principal;
}

/** @throws AppError FORBIDDEN when the role is not among those allowed */
export function requireRole(principal: Principal, roles: readonly Role[], what: string): void {
  if (principal.role === 'ADMIN' || roles.includes(principal.role)) return;
  throw new AppError(
    'FORBIDDEN',
    `The role ${principal.role} may not use ${what}; ${roles.join(' or ')} may.`,
  );
}

type Resolver = GraphQLFieldResolver<unknown, { readonly principal: Principal }>;

/**
 * Puts the check in front of every field that names roles, and sees to it that every root field does.
 *
 * @throws Error that names a root field without roles
 */
export function enforceAccess(schema: GraphQLSchema): void {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith('__')) continue;
    for (const field of Object.values(type.getFields())) {
      const roles = field.extensions.roles as readonly Role[] | undefined;
      if (!roles) {
        if (roots.includes(type))
          throw new Error(`${type.name}.${field.name} does not say which roles may use it.`);
        continue;
      }
      const name = `${type.name}.${field.name}`;
      const guard =
        (resolve: Resolver): Resolver =>
        (source, args, context, info) => {
          requireRole(context.principal, roles, name);
          return resolve(source, args, context, info);
        };
      field.resolve = guard((field.resolve as Resolver | undefined) ?? defaultFieldResolver);
      if (field.subscribe) field.subscribe = guard(field.subscribe as Resolver);
    }
  }
}
