// The command of a process where there is little room: what tells it from others stands behind the folder that its program is in. Pure.

/** Without the folder of the program; the rest, and what is no path, as it is. */
export function shortened(command: string): string {
  const end = command.indexOf(" ");
  const program = end < 0 ? command : command.slice(0, end);
  const name = program.startsWith("/") ? program.slice(program.lastIndexOf("/") + 1) : program;
  return name === "" ? command : name + command.slice(program.length);
}
