// SPDX-License-Identifier: LGPL-2.1-or-later
// The machine's screen by noVNC. The token is behind the # of the address, which no browser sends to a server; from there it goes into
// the address of the WebSocket only.
import RFB from '/novnc/core/rfb.js';

const at = id => document.getElementById(id);
let token = location.hash.slice(1);
let take; // what the form's text is for

function say(text, connected) {
	at('state').textContent = text;
	at('send').disabled = at('full').disabled = !connected;
}

function ask(what, then) {
	say(what, false);
	at('login').hidden = false;
	at('secret').value = '';
	at('secret').focus();
	take = then;
}

function connect() {
	const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
	const rfb = new RFB(at('screen'), `${scheme}://${location.host}/ws/${token}`);
	let known = false;

	rfb.scaleViewport = true;
	rfb.background = '#242424';
	rfb.addEventListener('connect', () => {
		known = true;
		say('Connected', true);
		rfb.focus();
	});
	rfb.addEventListener('credentialsrequired', () =>
		ask('A password is needed', password => rfb.sendCredentials({ password })));
	rfb.addEventListener('disconnect', () =>
		ask(known ? 'The connection is over' : 'Not connected: the token is wrong, or the machine is gone',
			text => { token = text || token; connect(); }));
	at('send').onclick = () => rfb.sendCtrlAltDel();
	at('full').onclick = () => at('screen').requestFullscreen();
}

at('login').onsubmit = event => {
	event.preventDefault();
	at('login').hidden = true;
	take(at('secret').value);
};
if (token)
	connect();
else
	ask('A token is needed; the address that Tessera printed has it', text => { token = text; connect(); });
