import{h as s}from"./chunk-M2KXB27E.js";var o=s(null),l=i=>r({by:"like",value:i,ids:[]});function r(i){o.value=i,location.hash="#/grid"}export{o as a,l as b};
