/**
 * Moving pictures above the list, for as long as a film is played.
 * @module
 */

/** @typedef {import('../core/player.js').Player} Player */

/**
 * @param {Player} player
 * @param {HTMLVideoElement} video  what the player shows them in
 */
export function showPictures(player, video) {
	const stage = document.createElement('section');
	const main = document.querySelector('main') ?? document.body;

	const show = () => {
		stage.hidden = player.engine !== 'stream' || !player.pictures;
	};

	stage.id = 'pictures';
	stage.setAttribute('aria-label', 'Pictures');
	video.playsInline = true;
	video.addEventListener('click', () => player.toggle());
	stage.append(video);
	main.prepend(stage);
	for (const name of ['track', 'change', 'manifest'])
		player.addEventListener(name, show);
	show();
}
