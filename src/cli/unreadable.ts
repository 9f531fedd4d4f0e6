/** How a command ends that can give no verdict: what it was given cannot be read, or makes no sense, or nobody can read what it says. */

/** The exit status where there is no verdict. */
export const UNREADABLE = 3;

/** Says why there is none. */
export const endWithout = (error: unknown): void => {
  console.error(`psmr: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = UNREADABLE;
};

/** The end of what the command line itself is wrong with; of a call for help, too. */
export const exitWithout = ({ exitCode }: { readonly exitCode: number }): never => process.exit(exitCode === 0 ? 0 : UNREADABLE);
