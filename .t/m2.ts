import fs from 'node:fs'
import { photonImages } from '../src/media/photon.ts'
const mod = await WebAssembly.compile(fs.readFileSync('node_modules/@cf-wasm/photon/dist/lib/photon_rs_bg.wasm'))
const p=photonImages(async () => mod)
const fs_=fs.readdirSync('/tmp/w/big')
for (let i=0;i<40;i++) { const b=new Uint8Array(fs.readFileSync('/tmp/w/big/'+fs_[i*7%fs_.length])); let bad = i%5===4; await p.resize(bad?b.slice(0,b.length/2|0):b,{fit:'inside',width:200,height:200}).catch(e=>process.stdout.write('!')); const m=process.memoryUsage();  process.stdout.write((m.external/1e6|0)+'/'+(m.rss/1e6|0)+' ') }
