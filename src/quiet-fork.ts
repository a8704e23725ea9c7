import { type ChildProcess, fork, type ForkOptions } from 'node:child_process';
import { createInterface } from 'node:readline';

/** What TensorFlow's C++ prints on loading, whatever its log level: of no use to anybody who runs a shop. */
const CHATTER =
  /^(I0000 |WARNING: All log messages before absl::InitializeLog|.*mlir_graph_optimization_pass|.*cpu_feature_guard)/;

/** Forks a process that loads TensorFlow; its standard error comes through without the library's chatter. */
export function quietFork(entry: string, options: ForkOptions): ChildProcess {
  const child = fork(entry, {
    ...options,
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'pipe', 'ipc'],
  });
  if (child.stderr) {
    createInterface({ input: child.stderr }).on('line', (line) => {
      if (!CHATTER.test(line)) process.stderr.write(`${line}\n`);
    });
  }
  return child;
}
