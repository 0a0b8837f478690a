import{g as s}from"./chunk-V2VW7P6W.js";function o({session:t}){return s("h1",{children:["Status of ",t.study?.name]})}export{o as Status};
