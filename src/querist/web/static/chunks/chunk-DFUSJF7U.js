import{h as o}from"./chunk-M2KXB27E.js";var r=o([]);export{r as a};
