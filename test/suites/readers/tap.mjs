const LINE = /^(?<not>not )?ok \d+ - (?<name>.*?)(?<skip> # (?:SKIP|TODO).*)?$/;

/** The tests in a report of AVA. @param fileOf the file that a test of that name is in */
export function readTap(text, fileOf) {
  return text.split('\n').flatMap((line) => {
    const { not, name, skip } = LINE.exec(line)?.groups ?? {};
    if (name === undefined) return [];
    const outcome = not === undefined ? (skip === undefined ? 'pass' : 'skip') : 'fail';
    return [{ name, outcome, file: fileOf(name) }];
  });
}
