import fs from 'node:fs'
import { ffmpegVideos, ffmpegToMp3, ffmpegAvailable } from './src/media/ffmpeg.ts'
import { pictureSize } from './src/media/picture-size.ts'
import { threadedVoice } from './src/media/voice/worker-thread.ts'
const v = ffmpegVideos()
console.log(await ffmpegAvailable())
for (const f of ['v.mp4','short.mp4','v.webm','audio.mp4','big.mov','pl.m3u8','p.jpg']) try { const t=performance.now(); const b=await v.frame(new Blob([fs.readFileSync('/tmp/w/'+f)]).stream() as never); console.log(f, b.length, pictureSize(b), (performance.now()-t).toFixed(0)) } catch (e) { console.log(f, String(e), String((e as Error).cause)) }
const t=performance.now(); const m = await ffmpegToMp3(new Uint8Array(fs.readFileSync('/tmp/w/wb.amr'))); console.log('wb', m.length, (performance.now()-t).toFixed(0))
try { await ffmpegToMp3(new TextEncoder().encode('#!AMR-WB\n')) } catch (e) { console.log(String(e)) }
const voice = threadedVoice(new URL('./src/entry/voice-worker.ts', import.meta.url))
const amr = new Uint8Array(fs.readFileSync('node_modules/benz-amr-recorder/res/mario.amr'))
for (let i=0;i<3;i++) { const t=performance.now(); const m = await voice.toMp3(amr); console.log(m.length, m.constructor.name, (performance.now()-t).toFixed(0)) }
for (const x of ['nonsense','#!AMR\n','#!AMR\n\xff']) try { await voice.toMp3(new TextEncoder().encode(x)) } catch (e) { console.log(String(e)) }
const rs = await Promise.allSettled(Array.from({length:70},()=>voice.toMp3(amr.subarray(0,6+32*10)))); console.log(rs.filter(r=>r.status==='fulfilled').length, String(rs.find(r=>r.status==='rejected')?.reason))
