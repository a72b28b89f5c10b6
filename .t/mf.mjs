import { Miniflare } from 'miniflare'
import fs from 'node:fs'
const t0=performance.now()
const dir='/work/main/.t/out'
const mf = new Miniflare({ compatibilityDate:'2026-04-01', modulesRoot: dir, modules:[{type:'ESModule',path:dir+'/worker.js'}, ...fs.readdirSync(dir).filter(f=>f.endsWith('.wasm')).map(f=>({type:'CompiledWasm',path:dir+'/'+f}))] })
const get=async(p,b)=>{const t=performance.now(); const r=await mf.dispatchFetch('http://x'+p,b?{method:'POST',body:b}:{}); const body=new Uint8Array(await r.arrayBuffer()); return [r.status, r.headers.get('content-type'), body.length, r.status===409||r.headers.get('content-type')?.includes('json')?new TextDecoder().decode(body):'', (performance.now()-t).toFixed(0)+'ms']}
console.log('start',...await get('/'),(performance.now()-t0).toFixed(0))
for (const f of ['p.jpg','p.jpg','p.jpg','p.png','p.png','p.webp','o6.jpg','a.avif','anim.webp']) { console.log(f, ...await get('/inside', fs.readFileSync('/tmp/w/'+f)), ...await get('/cover', fs.readFileSync('/tmp/w/'+f))) }
console.log(...await get('/sniff', fs.readFileSync('/tmp/w/p.jpg')))
for (const f of fs.readdirSync('/tmp/w/big')) console.log(f, ...await get('/inside', fs.readFileSync('/tmp/w/big/'+f)))
const amr=fs.readFileSync('/work/main/node_modules/benz-amr-recorder/res/mario.amr')
console.log('89s',...await get('/mp3', amr)); console.log('5s',...await get('/mp3', amr.subarray(0,6+32*250))); console.log('5s',...await get('/mp3', amr.subarray(0,6+32*250)))
console.log(...await get('/mp3', Buffer.from('#!AMR-WB\n')), ...await get('/mp3', Buffer.from('xx')))
await mf.dispose()
