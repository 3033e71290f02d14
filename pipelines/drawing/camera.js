// A perspective camera. World: metres, Y up. Eye: x to the right, y up, z away from the eye.

const FOCAL = 1.75; // focal length as a share of the smaller side of the picture
const NEAR = 0.15; // metres before the eye where the picture begins

const MARGIN = 1.16; // of what must fit

// How far the eye stands from the middle of an upright cylinder that fits: metres.
function distanceFor(half, reach, width, height) {
  const scale = 2 * FOCAL * Math.min(width, height) * MARGIN;
  return reach / 2 + scale * Math.max((half + 0.22 * reach) / height, reach / width);
}

// `view`: azimuth (0 looks at a figure that faces Z+ from the front; its left is then on the picture's
// right), elevation, in radians, and distance in metres from `target`.
function makeCamera(view, target, width, height) {
  const sa = Math.sin(view.azimuth);
  const ca = Math.cos(view.azimuth);
  const se = Math.sin(view.elevation);
  const ce = Math.cos(view.elevation);
  const d = view.distance;
  const eye = [target[0] + d * ce * sa, target[1] + d * se, target[2] + d * ce * ca];
  const focal = FOCAL * Math.min(width, height);
  const camera = { eye, focal };

  camera.toEye = (x, y, z) => {
    const dx = x - eye[0];
    const dy = y - eye[1];
    const dz = z - eye[2];
    return [
      dx * ca - dz * sa,
      -dx * se * sa + dy * ce - dz * se * ca,
      -dx * ce * sa - dy * se - dz * ce * ca,
    ];
  };

  // A point of the eye's space in pixels: x, y, depth in metres, pixels a metre.
  camera.toPixels = (p) => {
    const scale = focal / Math.max(p[2], NEAR);
    return { x: width / 2 + p[0] * scale, y: height / 2 - p[1] * scale, depth: p[2], scale };
  };

  camera.project = (x, y, z) => camera.toPixels(camera.toEye(x, y, z));

  // A straight line between two points of the world, cut where it passes behind the eye; null if all is.
  camera.line = (a, b) => {
    let p = camera.toEye(...a);
    let q = camera.toEye(...b);
    if (p[2] < NEAR && q[2] < NEAR) return null;
    if (p[2] < NEAR) p = cut(q, p);
    else if (q[2] < NEAR) q = cut(p, q);
    return [camera.toPixels(p), camera.toPixels(q)];
  };
  return camera;
}

// A flat shape of the world in pixels, cut where it passes behind the eye; empty if all of it does.
function cutShape(camera, corners) {
  const seen = corners.map((corner) => camera.toEye(...corner));
  const kept = [];
  seen.forEach((p, i) => {
    const before = seen.at(i - 1);
    if (p[2] >= NEAR !== before[2] >= NEAR) kept.push(p[2] >= NEAR ? cut(p, before) : cut(before, p));
    if (p[2] >= NEAR) kept.push(p);
  });
  return kept.map(camera.toPixels);
}

// The point between p (before the eye) and q (behind it) where the picture begins.
function cut(p, q) {
  const share = (p[2] - NEAR) / (p[2] - q[2]);
  return [p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1]), NEAR];
}
