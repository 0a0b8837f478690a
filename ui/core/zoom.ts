/** The geometry of looking at an image: how large it is drawn and where. Sizes are in CSS pixels; pure. */

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** An image drawn at `scale` with its top left corner at (x, y) of the stage; `fitted` follows the stage's size. */
export interface Look extends Point {
  readonly scale: number;
  readonly fitted: boolean;
}

const LARGEST = 40;
const MARGIN = 48;

/** Draw the whole image, centred; a small one by a whole factor, so that its pixels stay even. */
export function fit(image: Size, stage: Size): Look {
  const whole = Math.min(stage.width / image.width, stage.height / image.height);
  const scale = whole > 1 ? Math.max(1, Math.floor(whole)) : whole;
  return { ...centred(image, stage, scale), scale, fitted: true };
}

/** Zoom by a factor, keeping what lies under a point where it is. */
export function zoom(look: Look, factor: number, about: Point, image: Size, stage: Size): Look {
  const whole = fit(image, stage).scale;
  const scale = Math.min(Math.max(LARGEST, whole), Math.max(Math.min(1, whole) / 2, look.scale * factor));
  const moved = (at: number, corner: number): number => at - ((at - corner) * scale) / look.scale;
  return keep({ x: moved(about.x, look.x), y: moved(about.y, look.y), scale, fitted: false }, image, stage);
}

/** Move the image by some pixels of the screen. */
export function pan(look: Look, by: Point, image: Size, stage: Size): Look {
  return keep({ ...look, x: look.x + by.x, y: look.y + by.y, fitted: false }, image, stage);
}

/**
 * Say how large a picture is drawn, in pixels of the original. One of a smaller number of pixels shows every second,
 * third … of them: then a pixel of it covers exactly so many, and the last ones may reach over the border.
 */
export function drawn(original: Size, picture: Size): Size {
  const factor = Math.ceil(original.width / Math.max(1, picture.width));
  const whole = (side: number): number => Math.ceil(side / factor);
  const binned = factor > 1 && whole(original.width) === picture.width && whole(original.height) === picture.height;
  return binned ? { width: picture.width * factor, height: picture.height * factor } : original;
}

/** Hold a part of the image inside the stage, so that it cannot be lost; one that fits stays whole inside. */
function keep(look: Look, image: Size, stage: Size): Look {
  const held = (at: number, drawn: number, room: number): number => {
    const slack = drawn <= room ? 0 : MARGIN;
    const [low, high] = drawn <= room ? [0, room - drawn] : [room - drawn - slack, slack];
    return Math.min(high, Math.max(low, at));
  };
  const { scale } = look;
  return { ...look, x: held(look.x, image.width * scale, stage.width), y: held(look.y, image.height * scale, stage.height) };
}

function centred(image: Size, stage: Size, scale: number): Point {
  return { x: (stage.width - image.width * scale) / 2, y: (stage.height - image.height * scale) / 2 };
}
