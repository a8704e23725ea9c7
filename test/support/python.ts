import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/**
 * A Python that has a module: the one that the variable names, else the peers' environment of the benchmarks, else python3.
 *
 * @returns null where none has it
 */
export function findPython(variable: string, module: string): string | null {
  const home = process.env.PEERS_HOME ?? join(homedir(), '.cache', 'tandem-peers');
  for (const python of [process.env[variable], join(home, 'tf', 'bin', 'python'), 'python3']) {
    if (!python || (python.includes('/') && !existsSync(python))) continue;
    try {
      const find = `import importlib.util as u, sys; sys.exit(u.find_spec('${module}') is None)`;
      execFileSync(python, ['-c', find], { stdio: 'ignore' });
      return python;
    } catch {
      // The next one.
    }
  }
  return null;
}

/** Runs each SavedModel of a file of cases; prints all outputs as flat lists. */
export const SAVED_MODEL_SCRIPT = `
import json, sys, tensorflow as tf
def run(case):
    f = tf.saved_model.load(case['path']).signatures['serving_default']
    fed = {i['name']: tf.constant(i['values'], i['dtype'], i['shape']) for i in case['inputs']}
    return {k: v.numpy().reshape(-1).tolist() for k, v in f(**fed).items()}
print(json.dumps([run(case) for case in json.load(open(sys.argv[1]))]))
`;

/** The same for ONNX files. */
export const ONNX_SCRIPT = `
import json, sys, numpy as np, onnxruntime as ort
def run(case):
    s = ort.InferenceSession(case['path'])
    fed = {i['name']: np.array(i['values'], i['dtype']).reshape(i['shape']) for i in case['inputs']}
    names = [o.name for o in s.get_outputs()]
    return {n: v.reshape(-1).tolist() for n, v in zip(names, s.run(names, fed))}
print(json.dumps([run(case) for case in json.load(open(sys.argv[1]))]))
`;
