// xterm-pty's line discipline at the command of bench/node.py: one JSON object a line asks,
// one a line answers. argv: where the package is.
//
// {"text": "..."}                                  the input of all runs
// {"lflag": n, "chunk": n, "from": "lower"|"upper"}   play it: how many bytes came out, both sides

const { openpty, Termios } = require(process.argv[2]);
let text = "";

function play({ lflag, chunk, from }) {
    const { slave } = openpty();
    const { iflag, oflag, cflag, cc } = slave.ioctl("TCGETS");
    slave.ioctl("TCSETS", new Termios(iflag, oflag, cflag, lflag, cc));
    const ldisc = slave.ldisc;
    let bytes = 0;
    ldisc.onWriteToUpper((data) => { bytes += data.length; });
    ldisc.onWriteToLower((data) => { bytes += data.length; });
    for (let at = 0; at < text.length; at += chunk) {
        const piece = text.slice(at, at + chunk);
        if (from === "lower") ldisc.writeFromLower(piece);
        else ldisc.writeFromUpper(piece);
    }
    return bytes;
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
    const order = JSON.parse(line);
    if (order.text !== undefined) text = order.text;
    console.log(JSON.stringify(order.text === undefined ? play(order) : text.length));
});
