import{h as s}from"./chunk-5DGP344B.js";var o=s(null),l=i=>r({by:"like",value:i,ids:[]});function r(i){o.value=i,location.hash="#/grid"}export{o as a,l as b};
