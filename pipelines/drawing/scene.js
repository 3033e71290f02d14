// The scene: floor, way, shadows and the body of one moment, painted from far to near.

const SIDES = ["middle", "left", "right"];
const GRID_REACH = 4; // metres of floor around what the camera looks at
const HEAD_BEYOND = 0.45; // of the head's radius: where its middle lies beyond the head's joint
const HAND_BEYOND = 0.1; // metres from the wrist to the knuckles

// Joints as numbers in metres: frame, joint, axis.
function unpack(data) {
  const bytes = Uint8Array.from(atob(data.positions), (sign) => sign.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const size = data.joints * 3;
  const joints = new Float32Array(data.frames * size);
  const places = data.coding === "places" ? joints.length : size; // the rest are changes of one byte
  for (let i = 0; i < places; i += 1) joints[i] = view.getInt16(2 * i, true);
  for (let i = places; i < joints.length; i += 1) joints[i] = joints[i - size] + view.getInt8(i + places);
  for (let i = 0; i < joints.length; i += 1) joints[i] *= data.step;
  return joints;
}

// The pose at a moment in frames, between two frames in proportion: (joint, axis).
function poseAt(data, joints, moment) {
  const size = data.joints * 3;
  const last = data.frames - 1;
  const frame = Math.min(Math.floor(moment), last);
  const share = Math.min(moment, last) - frame;
  const pose = joints.slice(frame * size, (frame + 1) * size);
  if (share > 0) {
    for (let i = 0; i < size; i += 1) {
      pose[i] += share * (joints[(frame + 1) * size + i] - pose[i]);
    }
  }
  return pose;
}

const jointOf = (pose, joint) => [pose[3 * joint], pose[3 * joint + 1], pose[3 * joint + 2]];
const minus = (a, b) => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
const plus = (a, b, times = 1) => [a[0] + times * b[0], a[1] + times * b[1], a[2] + times * b[2]];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];

function unit(a) {
  const length = Math.hypot(...a) || 1;
  return a.map((value) => value / length);
}

// Floor: a line every metre, the start's lines stronger, numbers beside the figure.
function paintFloor(g, camera, data, target, colours) {
  const [low, high] = [data.view.low, data.view.high];
  const edge = (axis, way) => {
    const reach = way * GRID_REACH + target[axis];
    const wanted = way < 0 ? Math.max(low[axis] - 1, reach) : Math.min(high[axis] + 1, reach);
    return way < 0 ? Math.floor(wanted) : Math.ceil(wanted);
  };
  const [x0, x1, z0, z1] = [edge(0, -1), edge(0, 1), edge(2, -1), edge(2, 1)];
  fillOnFloor(g, camera, [[x0, z0], [x1, z0], [x1, z1], [x0, z1]], colours.floor, 1);
  const stroke = (a, b, strong) => {
    const line = camera.line([a[0], 0, a[1]], [b[0], 0, b[1]]);
    if (!line) return;
    g.strokeStyle = strong ? colours.gridStrong : colours.grid;
    g.lineWidth = strong ? 1.4 : 1;
    g.beginPath();
    g.moveTo(line[0].x, line[0].y);
    g.lineTo(line[1].x, line[1].y);
    g.stroke();
  };
  for (let x = x0; x <= x1; x += 1) stroke([x, z0], [x, z1], x === 0);
  for (let z = z0; z <= z1; z += 1) stroke([x0, z], [x1, z], z === 0);
  // Numbers stand on the lines that pass the figure on the camera's side.
  const near = (axis, from, to) => {
    const beside = Math.round(target[axis] + (camera.eye[axis] > target[axis] ? 1 : -1));
    return Math.min(Math.max(beside, from), to);
  };
  const [nearX, nearZ] = [near(0, x0, x1), near(2, z0, z1)];
  g.fillStyle = colours.muted;
  g.font = "11px system-ui, sans-serif";
  g.textAlign = "center";
  g.textBaseline = "middle";
  const mark = (x, z, metres) => {
    const at = camera.project(x, 0, z);
    if (at.depth > 2 * NEAR) g.fillText(metres === 0 ? "0" : `${metres} m`, at.x, at.y);
  };
  for (let x = x0; x <= x1; x += 1) mark(x + 0.12, nearZ + 0.1, x);
  for (let z = z0; z <= z1; z += 1) if (z !== nearZ) mark(nearX + 0.12, z + 0.1, z);
}

function fillOnFloor(g, camera, corners, colour, alpha) {
  const points = cutShape(camera, corners.map(([x, z]) => [x, 0, z]));
  g.globalAlpha = alpha;
  g.fillStyle = colour;
  g.beginPath();
  points.forEach((point, i) => (i ? g.lineTo(point.x, point.y) : g.moveTo(point.x, point.y)));
  g.closePath();
  g.fill();
  g.globalAlpha = 1;
}

// The way of the pelvis on the floor: all of it pale, what is behind the figure strong.
function paintWay(g, camera, data, joints, moment, colours) {
  const size = data.joints * 3;
  const stroke = (first, last, width, alpha) => {
    g.globalAlpha = alpha;
    g.strokeStyle = colours.way;
    g.lineWidth = width;
    g.lineJoin = "round";
    g.beginPath();
    let down = false;
    for (let frame = first; frame <= last; frame += 1) {
      const at = camera.project(joints[frame * size], 0, joints[frame * size + 2]);
      if (at.depth > NEAR) {
        if (down) g.lineTo(at.x, at.y);
        else g.moveTo(at.x, at.y);
      }
      down = at.depth > NEAR;
    }
    g.stroke();
    g.globalAlpha = 1;
  };
  stroke(0, data.frames - 1, 1.5, 0.4);
  stroke(0, Math.min(Math.floor(moment), data.frames - 1), 2.5, 0.95);
}

// A shadow under each foot, hand, knee and the pelvis: dark in contact, gone half a metre up.
function paintShadows(g, camera, data, pose, colours) {
  for (const [joint, radius] of data.look.shadows) {
    const [x, y, z] = jointOf(pose, joint);
    const reach = joint === 0 ? 1.6 : 0.5;
    const near = Math.max(0, 1 - Math.max(y - 0.06, 0) / reach);
    if (near <= 0) continue;
    const ring = [];
    for (let i = 0; i < 24; i += 1) {
      const angle = (i * Math.PI) / 12;
      ring.push([x + radius * Math.cos(angle), z + radius * Math.sin(angle)]);
    }
    fillOnFloor(g, camera, ring, colours.shadow, 0.42 * near * near);
  }
}

// The body's parts with their depth, so that they can be painted from far to near.
function bodyParts(camera, data, pose, colours) {
  const { look } = data;
  const parts = [];
  // The middle has no rim: neck and trunk are one.
  const bone = (from, to, r1, r2, side) => {
    const a = camera.project(...from);
    const b = camera.project(...to);
    if (Math.min(a.depth, b.depth) < NEAR) return;
    const paint = (g) => paintBone(g, a, b, r1 * a.scale, r2 * b.scale, colours[SIDES[side]], side && colours.rim);
    parts.push({ depth: (a.depth + b.depth) / 2, paint });
  };
  for (const [a, b, r1, r2, side] of look.bones) bone(jointOf(pose, a), jointOf(pose, b), r1, r2, side);
  for (const [elbow, wrist, r1, r2, side] of look.hands) {
    const at = jointOf(pose, wrist);
    bone(at, plus(at, unit(minus(at, jointOf(pose, elbow))), HAND_BEYOND), r1, r2, side);
  }
  const corners = look.trunk.map((joint) => camera.project(...jointOf(pose, joint)));
  if (corners.every((corner) => corner.depth > NEAR)) {
    const depth = corners.reduce((sum, corner) => sum + corner.depth, 0) / corners.length;
    parts.push({ depth, paint: (g) => paintTrunk(g, corners, look.trunkRadius, colours) });
  }
  parts.push(...headParts(camera, data, pose, colours));
  return parts.sort((one, other) => other.depth - one.depth);
}

// Head and nose: the nose tells front from back.
function headParts(camera, data, pose, colours) {
  const { look } = data;
  const [neck, head] = look.head.map((joint) => jointOf(pose, joint));
  const up = unit(minus(head, neck));
  const [leftShoulder, rightShoulder, rightHip, leftHip] = look.trunk.map((joint) => jointOf(pose, joint));
  const across = plus(minus(leftShoulder, rightShoulder), minus(leftHip, rightHip));
  const ahead = unit(cross(across, up));
  const middle = plus(head, up, HEAD_BEYOND * look.headRadius);
  const ball = (at, radius, colour) => {
    const p = camera.project(...at);
    if (p.depth < NEAR) return [];
    return [{ depth: p.depth, paint: (g) => paintBone(g, p, p, radius * p.scale, radius * p.scale, colour, colours.rim) }];
  };
  return [
    ...ball(middle, look.headRadius, colours.middle),
    ...ball(plus(middle, ahead, look.headRadius * 1.02), look.headRadius * 0.24, colours.nose),
  ];
}

// A tapered bone with round ends and a rim that parts it from what is behind it.
function paintBone(g, a, b, r1, r2, colour, rim) {
  const length = Math.hypot(b.x - a.x, b.y - a.y);
  g.beginPath();
  if (length <= Math.abs(r1 - r2) + 0.01) {
    const big = r1 >= r2 ? a : b;
    g.arc(big.x, big.y, Math.max(r1, r2), 0, 2 * Math.PI);
  } else {
    const way = Math.atan2(b.y - a.y, b.x - a.x);
    const lean = Math.acos((r1 - r2) / length);
    g.arc(a.x, a.y, r1, way + lean, way - lean + 2 * Math.PI);
    g.arc(b.x, b.y, r2, way - lean, way + lean);
  }
  g.closePath();
  if (rim) {
    g.strokeStyle = rim;
    g.lineWidth = 3;
    g.stroke();
  }
  g.fillStyle = colour;
  g.fill();
}

function paintTrunk(g, corners, radius, colours) {
  const width = 2 * radius * (corners.reduce((sum, corner) => sum + corner.scale, 0) / corners.length);
  const outline = () => {
    g.beginPath();
    corners.forEach((corner, i) => (i ? g.lineTo(corner.x, corner.y) : g.moveTo(corner.x, corner.y)));
    g.closePath();
  };
  g.lineJoin = "round";
  outline();
  g.strokeStyle = colours.rim;
  g.lineWidth = width + 3;
  g.stroke();
  g.strokeStyle = colours.middle;
  g.fillStyle = colours.middle;
  g.lineWidth = width;
  g.stroke();
  g.fill();
}

// One moment of a figure on a canvas of width x height pixels of the page.
function paintScene(g, size, figure, moment, colours) {
  const { data, joints, view } = figure;
  const pose = poseAt(data, joints, moment);
  const target = figure.target(moment);
  const camera = makeCamera(view, target, size.width, size.height);
  g.clearRect(0, 0, size.width, size.height);
  paintFloor(g, camera, data, target, colours);
  paintWay(g, camera, data, joints, moment, colours);
  paintShadows(g, camera, data, pose, colours);
  for (const part of bodyParts(camera, data, pose, colours)) part.paint(g);
}
