import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { amrModuleOfInstalledPackage } from '../../scripts/generate-amr.ts'

it('amrnb.gen.js is what scripts/generate-amr.ts makes of the installed package', () => {
  const committed = readFileSync(new URL('../../src/media/voice/amrnb.gen.js', import.meta.url), 'utf8')
  expect(committed === amrModuleOfInstalledPackage()).toBe(true)
})

it('keeps the notices, and neither the encoder nor code that runs text', () => {
  const generated = amrModuleOfInstalledPackage()
  expect(generated).toMatch(
    /Copyright \(C\) 1998-2009 PacketVideo\. Licensed under the Apache License, Version 2\.0/,
  )
  expect(generated).not.toMatch(/\beval\b|\bFunction\b|\bXMLHttpRequest\b|\bdocument\b|use asm/)
  expect(amrModuleOfInstalledPackage(true).length).toBeGreaterThan(generated.length * 2)
})
