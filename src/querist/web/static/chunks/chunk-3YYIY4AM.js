function e(n){let t=n.text;return typeof t=="string"?t:t==null?"":String(t)}function r(n){return n.length<240?"text-short":n.length<1200?"text-medium":"text-long"}export{e as a,r as b};
