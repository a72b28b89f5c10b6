import fs from 'node:fs'
import { photonImages } from '../src/media/photon.ts'
const mod = await WebAssembly.compile(fs.readFileSync('node_modules/@cf-wasm/photon/dist/lib/photon_rs_bg.wasm'))
const p=photonImages(async () => mod)
const b=new Uint8Array(fs.readFileSync('/tmp/w/big/base.jpg')); let peak=0
for (let i=0;i<20;i++) { await p.resize(b,{fit:'inside',width:200,height:200}); const m=process.memoryUsage(); peak=Math.max(peak,m.arrayBuffers,m.external); process.stdout.write((m.external/1e6|0)+'/'+(m.rss/1e6|0)+' ') }
