import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EVENTS } from '#platform/audit/events.ts';
import { FIELDS } from '#platform/audit/fields.ts';
import { PRODUCED_BY } from '#tests/support/produced-by.ts';

describe('the list of audit events', () => {
  it('classes every field as public or sensitive, and has no field for a secret', () => {
    for (const [name, field] of Object.entries(FIELDS)) {
      expect(['public', 'sensitive'], name).toContain(field.class);
      expect(name).not.toMatch(/secret|token|ticket|password|cookie|totp|psk|key|nonce|lease|grant|pin/i);
    }
  });

  it('classes whatever names a person as sensitive', () => {
    for (const field of ['user', 'by', 'name', 'address', 'serial', 'thumbprint', 'detail'] as const) {
      expect(FIELDS[field].class, field).toBe('sensitive');
    }
  });

  it('names no field twice in a row, and a reason for every refusal', () => {
    for (const [name, { must, may }] of Object.entries(EVENTS)) {
      const fields = [...must, ...may];
      expect(new Set(fields).size, name).toBe(fields.length);
      if (name.endsWith('-refused')) expect(must, name).toContain('reason');
    }
  });

  it('names the municipality wherever it names a user or a desktop (T17)', () => {
    for (const [name, { must, may }] of Object.entries(EVENTS)) {
      const fields: readonly string[] = [...must, ...may];
      if (name.startsWith('gateway-') || name === 'agent-refused') continue; // about a link, before any session
      if (fields.includes('user') || fields.includes('desktop')) expect(fields, name).toContain('municipality');
    }
  });

  it('has a test for each that makes the program record it, of those that npm test always runs (G1)', () => {
    expect(Object.keys(EVENTS).filter((name) => !Object.hasOwn(PRODUCED_BY, name))).toEqual([]);
    expect(Object.keys(PRODUCED_BY).filter((name) => !Object.hasOwn(EVENTS, name))).toEqual([]);
    for (const [name, file] of Object.entries(PRODUCED_BY)) {
      expect(existsSync(join(import.meta.dirname, '../../..', file)), `${name}: ${file}`).toBe(true);
      expect(file).toMatch(/^tests\/.*(?<!\.long)\.test\.ts$/);
    }
  });
});
