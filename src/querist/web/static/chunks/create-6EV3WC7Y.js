import{g as o}from"./chunk-V2VW7P6W.js";function s({session:e}){return o("h1",{children:["New study",(e.root,"")]})}export{s as Create};
